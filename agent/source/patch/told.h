/* What was told last of patch state, under a key of STORE_PATCH: it is told again when it differs,
 * and once a day. */
#ifndef SOURCE_PATCH_TOLD_H
#define SOURCE_PATCH_TOLD_H

#include "source/source.h"

bool patch_is_news(const struct source_host *h, const char *key, const uint8_t digest[32],
                   int64_t now_ms);
void patch_put_told(const struct source_host *h, const char *key, const uint8_t digest[32],
                    int64_t now_ms);

#endif
