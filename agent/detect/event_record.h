/*
 * What a source told, as a record that rules match. Changes of files, under Sigma's categories
 * file_event (created), file_change, file_delete and file_rename. Fields:
 *
 *   TargetFilename, SourceFilename (of a rename: the old name), Image, CommandLine, User, ProcessId
 *   (who did it, as far as known), Package (that the file belongs to), FileType ("file", "folder",
 *   "link"), Mode ("0755"), Executable ("yes", of a file that anybody may run), Count (of a folder:
 *   changes in it that are told at once)
 *
 * Changes of the registry, under registry_set, registry_add and registry_delete, with Sysmon's
 * fields: EventType (SetValue, CreateKey, DeleteKey, DeleteValue), TargetObject (the key, and the
 * value's name), Details (the data; "DWORD (0x00000001)"). Hives are HKLM and HKU.
 *
 * The message is the target's name, so keywords are looked for in it.
 */
#ifndef DETECT_EVENT_RECORD_H
#define DETECT_EVENT_RECORD_H

#include "event/event.h"
#include "event/record.h"

#include <stdbool.h>

struct event_record {
    struct record record;
    char mode[8], pid[24], count[24];
    char object[1024], details[64];
};

/* False for events that rules are not asked about. Borrows from the event and from *out. */
bool event_record_make(const struct event *e, struct event_record *out);

#endif
