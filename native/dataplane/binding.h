#pragma once

namespace Napi {
class Env;
class Object;
}  // namespace Napi

namespace rp::dataplane {

// { UserspaceDataPlane, counterNames, ipsecStatistics }
Napi::Object bind(Napi::Env env);

}  // namespace rp::dataplane
