// Which counter says why an outbound packet could not be protected.
#pragma once
#include "dataplane/counters.h"
#include "esp/status.h"

namespace rp::dataplane {

inline Counter outboundCounterOf(esp::Status status) {
  switch (status) {
    case esp::Status::sequenceOverflow:
      return Counter::kOutStateSequenceErrors;
    case esp::Status::fragment:
    case esp::Status::badNextHeader:
      return Counter::kOutStateModeErrors;
    case esp::Status::tooLong:
    case esp::Status::noRoom:
      return Counter::kOutErrors;
    default:
      return Counter::kOutStateProtocolErrors;
  }
}

}  // namespace rp::dataplane
