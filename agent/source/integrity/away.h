/*
 * What changed while the agent was off, from the journals that volumes keep by themselves
 * (platform/usn.h). With them, only what they name is looked at after a start, and the scan of
 * everything comes when it is due; without them, or when one does not reach back to where the agent
 * ended, it comes at once.
 *
 * Kept in STORE_META under "integrity.away": u8 version (1), i64 wall clock of the last scan of
 * everything, then for each volume its name with a NUL, u64 journal, i64 next (platform/usn.h),
 * little-endian. A position is kept when all that came before it was looked at.
 */
#ifndef SOURCE_INTEGRITY_AWAY_H
#define SOURCE_INTEGRITY_AWAY_H

#include <stdbool.h>
#include <stdint.h>

struct integrity;
struct integrity_away;
/* After paths and store are there; current: the baseline covers the configuration as it is. */
struct integrity_away *integrity_away_new(struct integrity *self, bool current);
void integrity_away_free(struct integrity_away *a);

/* How long the first scan of everything may wait; 0: it may not. */
int64_t integrity_away_rest_ms(const struct integrity_away *a);
/* Why the journals do not tell what happened, in words; empty: they do, or there are none. */
const char *integrity_away_words(const struct integrity_away *a);

/* Notes changes for a look, a piece at a time; when to call it again (monotonic), INT64_MAX: never.
 */
int64_t integrity_away_run(struct integrity_away *a, int64_t now_ms);
/* Something was missed: no position is kept until a scan of everything that begins later ends. */
void integrity_away_missed(struct integrity_away *a);
void integrity_away_scan_begins(struct integrity_away *a);
void integrity_away_scan_ended(struct integrity_away *a, int64_t wall_ms);
/* Called now and then. idle: whatever was seen has been looked at. */
void integrity_away_note(struct integrity_away *a, bool idle, int64_t now_ms);
/* Puts positions that are new into the store. */
void integrity_away_keep(struct integrity_away *a);

#endif
