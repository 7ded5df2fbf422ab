#include "source/inventory/smbios.h"

#define STRUCTURES_MAX 4096
#define HEAD           4 /* type, length of the formatted part, handle */

/* Types of structures that are read. */
enum { FIRMWARE = 0, SYSTEM = 1, BOARD = 2, CHASSIS = 3, PROCESSOR = 4, END = 127 };

struct structure {
    uint8_t type;
    struct span formatted; /* with its head */
    struct span strings;   /* each ended by NUL */
};

static uint8_t byte_at(const struct structure *s, size_t at)
{
    return at < s->formatted.n ? (uint8_t)s->formatted.p[at] : 0;
}

static uint32_t word_at(const struct structure *s, size_t at)
{
    return byte_at(s, at) | (uint32_t)byte_at(s, at + 1) << 8;
}

/* The strings end with an empty one; where there are none, two NULs stand. */
static bool take(struct span *rest, struct structure *out)
{
    size_t end = 0;
    if (rest->n < HEAD)
        return false;
    out->type = (uint8_t)rest->p[0];
    size_t length = (uint8_t)rest->p[1];
    if (length < HEAD || !span_take(rest, length, &out->formatted))
        return false;
    while (end + 1 < rest->n && (rest->p[end] != '\0' || rest->p[end + 1] != '\0'))
        end++;
    if (end + 1 >= rest->n)
        return false;
    out->strings = (struct span){rest->p, end + 1};
    return span_take(rest, end + 2, &(struct span){0});
}

/* The string whose number, from 1, stands at that place. */
static struct span string_at(const struct structure *s, size_t at)
{
    struct span rest = s->strings, one = SPAN("");
    uint8_t number = byte_at(s, at);
    for (uint8_t i = 0; i < number; i++)
        if (!span_take_until(&rest, '\0', &one))
            return SPAN("");
    return number > 0 ? span_trim(one) : SPAN("");
}

/* The first three parts are written backwards, since SMBIOS 2.6. All zeros or ones: there is none.
 */
static void put_uuid(const struct structure *s, size_t at, char *out, size_t size)
{
    static const uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    size_t n = 0, empty[2] = {0};
    if (at + sizeof(order) > s->formatted.n)
        return;
    for (size_t i = 0; i < sizeof(order); i++) {
        uint8_t byte = byte_at(s, at + order[i]);
        empty[0] += byte == 0;
        empty[1] += byte == 0xff;
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        n += (size_t)snprintf(out + n, size - n, dash ? "-%02x" : "%02x", byte);
    }
    if (empty[0] == sizeof(order) || empty[1] == sizeof(order))
        out[0] = '\0';
}

static const struct row {
    uint8_t type, at; /* of a string's number */
    size_t member, size;
} rows[] = {
#define ROW(type, at, member)                                                                      \
    {                                                                                              \
        type, at, offsetof(struct inventory_hardware, member),                                     \
            sizeof(((struct inventory_hardware *)0)->member)                                       \
    }
    ROW(FIRMWARE, 0x04, bios_vendor), ROW(FIRMWARE, 0x05, bios_version),
    ROW(FIRMWARE, 0x08, bios_date),   ROW(SYSTEM, 0x04, vendor),
    ROW(SYSTEM, 0x05, product),       ROW(SYSTEM, 0x06, version),
    ROW(SYSTEM, 0x07, serial),        ROW(BOARD, 0x04, board_vendor),
    ROW(BOARD, 0x05, board),          ROW(PROCESSOR, 0x10, cpu),
#undef ROW
};

/* The first of a type counts: further boards and chassis are parts of it. */
static void take_strings(const struct structure *s, struct inventory_hardware *out)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *to = (char *)out + rows[i].member;
        if (rows[i].type == s->type && to[0] == '\0')
            span_copy(string_at(s, rows[i].at), to, rows[i].size);
    }
}

/* Empty sockets do not count. 255 cores: their number stands in a word further behind. */
static void take_processor(const struct structure *s, struct inventory_hardware *out)
{
    bool populated = (byte_at(s, 0x18) & 0x40) != 0;
    uint32_t cores = byte_at(s, 0x23), threads = byte_at(s, 0x25);
    if (!populated)
        return;
    out->sockets++;
    out->cores = cores == 0xff ? word_at(s, 0x2a) : cores;
    out->cpus += threads == 0xff ? word_at(s, 0x2e) : threads;
}

void inventory_smbios_parse(struct span table, struct inventory_hardware *out)
{
    struct structure s;
    for (size_t i = 0; i < STRUCTURES_MAX && take(&table, &s) && s.type != END; i++) {
        take_strings(&s, out);
        if (s.type == SYSTEM && !out->uuid[0])
            put_uuid(&s, 0x08, out->uuid, sizeof(out->uuid));
        else if (s.type == CHASSIS && out->chassis == 0)
            out->chassis = byte_at(&s, 0x05) & 0x7f;
        else if (s.type == PROCESSOR)
            take_processor(&s, out);
    }
}
