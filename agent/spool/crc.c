#include "spool/crc.h"

#include <zlib.h>

uint32_t crc_of(struct span data)
{
    return (uint32_t)crc32_z(0, (const Bytef *)data.p, data.n);
}
