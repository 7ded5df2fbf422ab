/*
 * Runs a fuzz target once over nothing, as libFuzzer begins, and over each file of the folders it
 * is given, without libFuzzer: the committed corpora stay a regression test for every compiler. A
 * finding ends the program.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The target gets a block of exactly the file's size, so that ASan sees a read beyond it. */
static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size) {
        perror(path);
        exit(2);
    }
    fclose(file);
    fprintf(stderr, "%s\n", path);
    int kept = LLVMFuzzerTestOneInput(data, size);
    free(data);
    return kept;
}

/* What lies behind the only byte of a block: no byte of it may be read. */
static void replay_nothing(void)
{
    uint8_t *block = calloc(1, 1);
    if (!block)
        exit(2);
    fprintf(stderr, "nothing\n");
    LLVMFuzzerTestOneInput(block + 1, 0);
    free(block);
}

static unsigned replay_folder(const char *folder)
{
    unsigned count = 0;
    DIR *dir = opendir(folder);
    if (!dir) {
        perror(folder);
        exit(2);
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        replay(path);
        count++;
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    replay_nothing();
    for (int i = 1; i < argc; i++)
        count += replay_folder(argv[i]);
    if (count == 0) {
        fprintf(stderr, "no input to replay: commit a corpus\n");
        return 1;
    }
    printf("%u inputs\n1 passed, 0 failed\n", count);
    return 0;
}
