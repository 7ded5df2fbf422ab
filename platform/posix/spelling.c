#include "platform/spelling.h"

bool spelling_case_counts(void)
{
    return true;
}

void spelling_fold(char *text, size_t n)
{
    (void)text, (void)n;
}
