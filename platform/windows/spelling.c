#include "platform/spelling.h"

#include "platform/common/wtf8.h"

#include <string.h>
#include <windows.h>

/* of ntrtl.h: the table that the system's own comparisons use */
NTSYSAPI WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR c);

bool spelling_case_counts(void)
{
    return false;
}

/* Characters beyond the first plane have no case here. */
static void fold_wide(char *at, size_t length, uint32_t c)
{
    char capital[4];
    if (length < 4 && wtf8_put(RtlUpcaseUnicodeChar((WCHAR)c), capital) == length)
        memcpy(at, capital, length);
}

void spelling_fold(char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        size_t length = wtf8_take((const unsigned char *)text + i, n - i, &c);
        if (length == 1 && c >= 'a' && c <= 'z')
            text[i] = (char)(c - 'a' + 'A');
        else if (length > 1)
            fold_wide(text + i, length, c);
        i += length ? length : 1; /* a byte that is no character stays */
    }
}
