// Which counter says why an inbound packet could not be opened.
#pragma once
#include "dataplane/counters.h"
#include "esp/status.h"

namespace rp::dataplane {

inline Counter inboundCounterOf(esp::Status status) {
  switch (status) {
    case esp::Status::tooShort:
    case esp::Status::badLength:
    case esp::Status::malformedInner:
    case esp::Status::malformedOuter:
    case esp::Status::tooLong:
      return Counter::kInHeaderErrors;
    case esp::Status::replayed:
    case esp::Status::beforeWindow:
      return Counter::kInStateSequenceErrors;
    case esp::Status::badNextHeader:
    case esp::Status::fragment:
      return Counter::kInStateModeErrors;
    case esp::Status::integrity:
    case esp::Status::badPadding:
      return Counter::kInStateProtocolErrors;
    case esp::Status::noRoom:
      return Counter::kInBufferErrors;
    default:
      return Counter::kInErrors;
  }
}

}  // namespace rp::dataplane
