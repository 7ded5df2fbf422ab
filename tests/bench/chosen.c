/* collect with chosen detectors; templates with their rates. */
#include "bench/lib/chosen.h"
