#include "esp/status.h"

#include <cstddef>
#include <iterator>

namespace rp::esp {

const char* name(Status status) {
  static constexpr const char* kNames[] = {
      "ok",         "tooShort",      "badLength",      "integrity", "replayed", "beforeWindow", "sequenceOverflow",
      "badPadding", "badNextHeader", "malformedInner", "noRoom",    "dummy",    "fragment",     "congestion",
      "tooLong",    "malformedOuter"};
  static_assert(std::size(kNames) == kStatuses);
  return kNames[size_t(status)];
}

}  // namespace rp::esp
