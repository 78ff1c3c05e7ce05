// The classes of sockets.
#pragma once
#include <napi.h>

namespace rp::phc {

Napi::Function defineStampedSocket(Napi::Env env);
Napi::Function defineUnixDatagramSocket(Napi::Env env);

}  // namespace rp::phc
