// Policies as JavaScript says them (lib/dataplane/dataplane.ts).
#pragma once
#include "dataplane/policy.h"
#include "node/object_reader.h"

namespace rp::dataplane {

// Throws ArgumentError naming the property.
Policy policyOf(const node::ObjectReader& r);

}  // namespace rp::dataplane
