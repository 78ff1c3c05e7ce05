// Where something that was computed from secrets becomes public by intention: whether an ICV is right, how long the
// padding of a genuine packet is. The test of constant time runs under valgrind with every secret marked as undefined
// and reports each branch and each address that depends on one; a build for it (RP_MEMCHECK) ends the marking here. In
// every other build this is nothing.
#pragma once
#ifdef RP_MEMCHECK
#include <valgrind/memcheck.h>
#endif

namespace rp {

template <class T>
inline T declassify(T value) {
#ifdef RP_MEMCHECK
  VALGRIND_MAKE_MEM_DEFINED(&value, sizeof value);
#endif
  return value;
}

}  // namespace rp
