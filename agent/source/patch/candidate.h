/* Which version apt would install, as `apt list --upgradable` says it (apt_preferences(5)). */
#ifndef SOURCE_PATCH_CANDIDATE_H
#define SOURCE_PATCH_CANDIDATE_H

#include "source/patch/lists.h"

/* Sets what a package's candidate is and what there is to be said of it. */
void patch_candidate_choose(const struct patch_lists *l, struct package *p);

#endif
