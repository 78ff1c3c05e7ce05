#pragma once

namespace Napi {
class Env;
class Object;
}  // namespace Napi

namespace rp::phc {

// { HardwareClock, OverlayClock, SystemClock, StampedSocket, timestampingInfo, ... }
Napi::Object bind(Napi::Env env);

}  // namespace rp::phc
