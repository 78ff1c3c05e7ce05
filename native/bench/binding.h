#pragma once

namespace Napi {
class Env;
class Object;
}  // namespace Napi

namespace rp::bench {

// { measure, engines, spin, traffic, clock, compilers }
Napi::Object bind(Napi::Env env);

}  // namespace rp::bench
