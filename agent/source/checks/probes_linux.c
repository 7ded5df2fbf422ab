/* What there is for host checks of Linux. */
#include "source/checks/probes.h"

const struct probe *const checks_probes[] = {
    &probe_setting,     &probe_text,    &probe_sysctl, &probe_mode,
    &probe_exists,      &probe_path,    &probe_setuid, &probe_mount,
    &probe_encryption,  &probe_account, &probe_unit,   &probe_firewall,
    &probe_pam,         &probe_sudo,    &probe_module, &probe_cmdline,
    &probe_secure_boot, &probe_package, NULL,
};

/* ---- when a check applies ---- */

/* Any of the words is enough. */
static bool any_file(struct checks_view *h, struct span words)
{
    struct span word;
    bool any = false;
    while (!any && span_take_until(&words, ' ', &word)) {
        struct view_paths paths = {0};
        char pattern[512];
        if (word.n > 0 && span_copy(word, pattern, sizeof(pattern)))
            view_glob(h, pattern, &paths);
        any = paths.n > 0;
        view_paths_release(&paths);
    }
    return any;
}

/* What cannot be known is taken for not there. */
static bool any_package(struct checks_view *h, struct span words)
{
    struct span word;
    bool any = false, known;
    while (!any && span_take_until(&words, ' ', &word))
        any = word.n > 0 && view_has_package(h, word, &known);
    return any;
}

const struct check_condition checks_conditions[] = {
    {"file", any_file, false, "there is no "},
    {"no-file", any_file, true, "there is "},
    {"package", any_package, false, "not installed: "},
    {"no-package", any_package, true, "installed: "},
    {NULL, NULL, false, NULL},
};
