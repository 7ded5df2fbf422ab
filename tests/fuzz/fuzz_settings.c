/*
 * What the probes of host checks take apart: configuration files in every format, sudoers, PAM's
 * stacks, tables of mounts, nft's rules. The first byte says which. Keys and values lie inside
 * their bounds.
 */
#include "source/checks/mounts.h"
#include "source/checks/nft.h"
#include "source/checks/pam.h"
#include "source/checks/settings.h"
#include "source/checks/sudoers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static size_t touched; /* so that every byte that is handed on is read */

static void touch(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        touched += (unsigned char)s.p[i];
}

static bool take_setting(void *ctx, const struct setting *s)
{
    (void)ctx;
    touch(s->key);
    touch(s->value);
    if (s->key.n > 520 || s->value.n >= 1024 || s->line < 1)
        abort();
    return true;
}

static bool take_pam(void *ctx, const struct pam_line *l)
{
    struct span value;
    (void)ctx;
    touch(l->type);
    touch(l->control);
    touch(l->module);
    if (pam_argument(l->arguments, SPAN("minlen"), &value))
        touch(value);
    return true;
}

static bool take_sudoers(void *ctx, const struct sudoers_line *l)
{
    (void)ctx;
    touch(l->name);
    if (l->value.p)
        touch(l->value);
    touched += sudoers_has_tag(l->name, SPAN("NOPASSWD"));
    return true;
}

static void take_include(void *ctx, struct span pattern)
{
    (void)ctx;
    touch(pattern);
}

static void take_mounts(struct span text)
{
    struct mount_line m;
    if (mount_find(text, mount_line_parse, "/", &m) && !mount_has_option(m.options, SPAN("rw")))
        touch(m.source);
    if (mount_find(text, fstab_line_parse, "/", &m))
        touch(m.options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct span text = span_make(data + 1, n - 1);
    struct nft_facts facts = {0};
    switch (data[0] % 16) {
    case 5:
        sudoers_parse(text, take_sudoers, NULL);
        break;
    case 6:
        pam_parse(text, take_pam, NULL);
        break;
    case 7:
        take_mounts(text);
        break;
    case 8:
        nft_look(text, take_include, NULL, &facts);
        if (facts.refuse_line > 0 && facts.input_line == 0)
            abort();
        break;
    default:
        setting_formats[data[0] % 5].parse(text, 1 + (data[0] >> 4) % 4, take_setting, NULL);
    }
    return 0;
}
