/*
 * Scheduled tasks of Windows, from the registry (Schedule\TaskCache\Tasks, one key a task). What a
 * task does stands there in the scheduler's own form, which Microsoft does not document; its makeup
 * is public knowledge (Winreg-kb, "Task scheduler"): a version, from 2 on the context's name, and
 * actions, each a mark of two bytes, an id, and what belongs to it. Texts are UTF-16LE behind their
 * length in bytes. What does not fit this is told by name alone.
 */
#ifndef SOURCE_INVENTORY_TASKS_H
#define SOURCE_INVENTORY_TASKS_H

#include "source/inventory/part.h"

/* The first action: "program arguments", or the class of a COM object, "{...}"; false: it cannot be
 * read, or is neither. */
bool inventory_task_action(struct span data, struct buf *out);

#endif
