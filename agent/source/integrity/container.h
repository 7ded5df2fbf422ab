/*
 * Whose container a path lies in, by what Docker and Podman keep on disk of root's containers, also
 * of those that do not run:
 *
 *   ROOT/overlay2/<layer>/diff/...   Docker.
 * ROOT/image/overlay2/layerdb/mounts/<container>/mount-id holds the layer's id.
 *   ROOT/overlay/<layer>/diff/...    Podman and CRI-O. ROOT/overlay-containers/containers.json and
 *                                    volatile-containers.json: a list with "id" and "layer".
 *
 * and the same with merged/ for diff/. Else it is the id in the path where the overlay is mounted,
 * as containerd has it. Folders and files of others than root are not believed: whoever makes
 * them could name somebody else's container. At most 4,096 containers of Docker are looked through,
 * and 1 MiB of Podman's list; answers are kept for five seconds.
 */
#ifndef SOURCE_INTEGRITY_CONTAINER_H
#define SOURCE_INTEGRITY_CONTAINER_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define CONTAINER_DIGITS 64 /* of an id, and of a layer's: hexadecimal, lower case */

struct integrity_containers;
struct integrity_containers *integrity_containers_new(void);
void integrity_containers_free(struct integrity_containers *c);

/* path: as it lies on disk; overlay: where the container that it belongs to sees its files, NULL if
 * none does now; now_ms: monotonic. The container's id, or NULL; belongs to c, until the next
 * call. */
const char *integrity_container_of(struct integrity_containers *c, const char *path,
                                   const char *overlay, int64_t now_ms);

/* The container with this layer in Podman's list. */
bool integrity_container_in_list(struct span json, struct span layer,
                                 char id[CONTAINER_DIGITS + 1]);

#endif
