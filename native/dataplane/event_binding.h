// What the packet threads tell, as JavaScript is told it (lib/dataplane/dataplane.ts).
#pragma once
#include <napi.h>

#include "dataplane/event.h"

namespace rp::dataplane {

Napi::Object write(Napi::Env env, const Endpoint& e);
Napi::Object write(Napi::Env env, const Event& e);

}  // namespace rp::dataplane
