/*
 * What Windows counts of the processes whose numbers are named, one line of JSON for each, in
 * bytes, as what makes PrivateUsage of GetProcessMemoryInfo there (which wine does not tell of
 * another process): memory counts from when it is committed, private memory; data of the program,
 * of libraries. Stacks are told by where they lie ([first, end]), since Windows commits them as
 * they grow, wine whole.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include <psapi.h>

#define WRITABLE          (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define REGIONS_MAX       4096
#define SECOND_STACK_SIZE (1 << 20)
#define STACKS_MAX        64

struct counted {
    uint64_t private, program, libraries;
    size_t stacks_n;
    uint64_t stacks[STACKS_MAX]; /* where each was allocated */
};

static MEMORY_BASIC_INFORMATION regions[REGIONS_MAX];

static size_t read_regions(HANDLE process)
{
    size_t n = 0;
    for (char *at = NULL;
         n < REGIONS_MAX && VirtualQueryEx(process, at, &regions[n], sizeof(regions[n]));
         at = (char *)regions[n].BaseAddress + regions[n].RegionSize, n++)
        ;
    return n;
}

static void find_stacks(size_t n, struct counted *c)
{
    for (size_t i = 0; i < n; i++)
        if (regions[i].State == MEM_COMMIT && regions[i].Protect & PAGE_GUARD &&
            c->stacks_n < STACKS_MAX)
            c->stacks[c->stacks_n++] = (uintptr_t)regions[i].AllocationBase;
}

static uint64_t end_of(uint64_t base, size_t n)
{
    uint64_t end = base;
    for (size_t i = 0; i < n; i++)
        if ((uintptr_t)regions[i].AllocationBase == base)
            end = (uintptr_t)regions[i].BaseAddress + regions[i].RegionSize;
    return end;
}

static BOOL is_stack(const struct counted *c, const MEMORY_BASIC_INFORMATION *r)
{
    for (size_t i = 0; i < c->stacks_n; i++)
        if (c->stacks[i] == (uintptr_t)r->AllocationBase)
            return TRUE;
    return FALSE;
}

/* Behind each stack lies one of wine's own, which Windows has in the kernel. */
static BOOL is_second_stack(const struct counted *c, size_t n, const MEMORY_BASIC_INFORMATION *r)
{
    for (size_t i = 0; i < c->stacks_n; i++)
        if (end_of(c->stacks[i], n) == (uintptr_t)r->AllocationBase &&
            r->RegionSize == SECOND_STACK_SIZE)
            return TRUE;
    return FALSE;
}

static void count(HANDLE process, size_t n, struct counted *c)
{
    HMODULE program = NULL;
    DWORD used;
    EnumProcessModules(process, &program, sizeof(program), &used);
    for (size_t i = 0; i < n; i++) {
        const MEMORY_BASIC_INFORMATION *r = &regions[i];
        if (r->State != MEM_COMMIT || is_stack(c, r) || is_second_stack(c, n, r))
            continue;
        if (r->Type == MEM_PRIVATE)
            c->private += r->RegionSize;
        else if (r->Type == MEM_IMAGE && r->Protect & WRITABLE)
            *(r->AllocationBase == program ? &c->program : &c->libraries) += r->RegionSize;
    }
}

static void tell(HANDLE process, const wchar_t *name)
{
    struct counted c = {0};
    size_t n = read_regions(process);
    find_stacks(n, &c);
    count(process, n, &c);
    printf("{\"pid\": %ls, \"private\": %" PRIu64 ", \"program\": %" PRIu64
           ", \"libraries\": %" PRIu64 ", \"stacks\": [",
           name, c.private, c.program, c.libraries);
    for (size_t i = 0; i < c.stacks_n; i++)
        printf("%s[%" PRIu64 ", %" PRIu64 "]", i ? ", " : "", c.stacks[i], end_of(c.stacks[i], n));
    printf("]}\n");
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    for (int i = 1; i < argc; i++) {
        DWORD pid = (DWORD)wcstoul(argv[i], NULL, 10);
        HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, pid);
        if (!process)
            return 1;
        tell(process, argv[i]);
        CloseHandle(process);
    }
    return 0;
}
