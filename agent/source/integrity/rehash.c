#include "source/integrity/rehash.h"

/* Time is cut into turns as long as scans are apart; every file has the turn of its inode's number
 * in each period, or is late when that was missed: the machine was off, or a scan was long. */
bool integrity_rehash_due(const struct integrity_rehash *r, uint64_t ino, uint32_t hashed_s)
{
    int64_t age = r->now_s - (int64_t)hashed_s;
    int64_t every = r->every_s > 0 ? r->every_s : 1;
    /* one less than fit, so that the turn comes before it is late */
    uint64_t turns = r->period_s >= 3 * every ? (uint64_t)(r->period_s / every) - 1 : 1;
    if (hashed_s == 0 || age < -every) /* the clock was wrong then, or is now */
        return true;
    if (age <= 0)
        return false;
    if (age + every >= r->period_s) /* the next scan would be too late */
        return true;
    uint64_t mixed = ino * 0x9e3779b97f4a7c15 >> 32; /* numbers may come in steps */
    return mixed % turns == (uint64_t)(r->now_s / every) % turns && age >= every / 2;
}
