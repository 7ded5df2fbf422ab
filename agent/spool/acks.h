/*
 * What ship says of batches, read from folders that are treated as hostile: names are parsed
 * strictly, links and anything but regular files are ignored, a bounded number is looked at.
 */
#ifndef SPOOL_ACKS_H
#define SPOOL_ACKS_H

#include "spool/outbox.h"

enum ack_kind { ACK_DELIVERED, ACK_REFUSED, ACK_KINDS };

/* code: the center's status for a refusal (100 to 999), 0 if none is told. */
typedef void ack_each(void *ctx, const struct batch_name *name, unsigned code);

int acks_read(const char *inbox, enum ack_kind kind, ack_each *each, void *ctx);

#endif
