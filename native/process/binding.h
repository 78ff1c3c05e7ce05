// The addon's `process` object.
#pragma once

namespace Napi {
class Env;
class Object;
}  // namespace Napi

namespace rp::process {

// { confine, shrink }
Napi::Object bind(Napi::Env env);

}  // namespace rp::process
