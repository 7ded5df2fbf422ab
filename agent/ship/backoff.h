/* How long to wait before the next try, so that thousands of agents do not return in step. */
#ifndef SHIP_BACKOFF_H
#define SHIP_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_MS 1000

/* After failure number `failures` (from 1) in a row: doubles from 1 s up to max_ms; of that a half
 * is certain and the other half chance. chance is any random number. */
int64_t backoff_ms(unsigned failures, int64_t max_ms, uint32_t chance);
/* A pause that somebody asked for (Retry-After, slow retry): never shorter, up to a quarter longer.
 */
int64_t backoff_at_least_ms(int64_t pause_ms, uint32_t chance);

#endif
