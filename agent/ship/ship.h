/*
 * The ship role: the half that has the network. Reads outbox/, its key and its CAs, writes inbox/:
 *
 *   ack/<batch name>       empty: the center has it
 *   refused/<batch name>   the center will never take it; the answer's status code in digits
 *   ship.json              how it is (ship/health.h)
 *
 * ack and refused files go away when their batch has left outbox/urgent and outbox/routine.
 * It also renews this endpoint's certificate (ship/renew.h), in the pki folder.
 * One poll loop; nothing wakes it but a new batch, a changed pki folder, the service manager and
 * the timer of a retry. Exit codes: 0 asked to stop, 1 could not start, 2 bad configuration.
 */
#ifndef SHIP_SHIP_H
#define SHIP_SHIP_H

int ship_run(const char *config_file);

#endif
