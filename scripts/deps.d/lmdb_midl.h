
/* Vigia's: appended to midl.h. A write transaction may change 64 MB of pages here, far more than
   any of ours: their lists are allocated whole with the environment, and Windows counts (commits)
   what is never touched, 3 MB otherwise. */
#ifdef _WIN32
#undef MDB_IDL_LOGN
#define MDB_IDL_LOGN 13
#endif
