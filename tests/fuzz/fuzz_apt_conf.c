/*
 * What people write for apt: apt.conf, preferences, sources.list and *.sources; and what else is
 * read of a host's patch state: the log of unattended-upgrades, distro-info's table, the kernel's
 * version. The first byte chooses. Whatever stands there, names of files stay single names.
 */
#include "source/apt/conf.h"
#include "source/apt/pattern.h"
#include "source/apt/pins.h"
#include "source/apt/sources.h"
#include "source/patch/kernel.h"
#include "source/patch/support.h"
#include "source/patch/unattended.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void try_conf(struct span text)
{
    struct apt_conf c = {0};
    apt_conf_parse(&c, text);
    for (size_t i = 0; i < APT_CONF_KEYS; i++)
        if (memchr(c.value[i], '\0', APT_CONF_VALUE) == NULL)
            abort();
}

static void try_pins(struct span text)
{
    const struct apt_origin origin = {"stable", "trixie", "13",          "Debian", "Debian",
                                      "main",   "amd64",  "deb.example", 500};
    const struct apt_origin *origins[] = {&origin};
    const struct apt_version version = {"bash", "amd64", "5.2-1", "bash", "5.2-1", origins, 1};
    struct apt_pins pins;
    int priority;
    apt_pins_init(&pins);
    apt_pins_parse(&pins, "x", text);
    if (apt_pins_rank(&pins, &origin) < APT_PIN_NEVER)
        abort();
    if (apt_pins_version(&pins, &version, "amd64", &priority) && priority == 0)
        abort();
    apt_pins_release(&pins);
}

static void try_sources(const char *path, struct span text)
{
    static const char *const archs[] = {"amd64", "i386"};
    struct apt_sources s;
    apt_sources_init(&s);
    apt_sources_parse(&s, path, text, archs, 2);
    for (size_t i = 0; i < s.targets; i++)
        if (s.target[i].archive >= s.archives || strchr(s.target[i].file, '/'))
            abort();
    apt_sources_release(&s);
}

static void try_host(struct span text)
{
    struct patch_unattended u = {.last = UNATTENDED_UNKNOWN};
    struct patch_support s = {.state = SUPPORT_UNKNOWN};
    char version[96];
    patch_unattended_log(text, &u);
    if ((u.error[0] != '\0') && u.last != UNATTENDED_FAILED)
        abort();
    if (patch_support_parse(text, "bookworm", &s) && strlen(s.standard) != 10)
        abort();
    patch_support_judge(&s, 1790000000000);
    patch_kernel_version(text, version, sizeof(version));
    if (strlen(version) >= sizeof(version))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct span text = span_make(data + 1, n - 1);
    switch (data[0] % 5) {
    case 0:
        try_conf(text);
        break;
    case 1:
        try_pins(text);
        break;
    case 2:
        try_sources("x.list", text);
        break;
    case 3:
        try_sources("x.sources", text);
        break;
    default:
        try_host(text);
        break;
    }
    return 0;
}
