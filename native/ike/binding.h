// The addon's `ike` object.
#pragma once

namespace Napi {
class Env;
class Object;
}  // namespace Napi

namespace rp::ike {

// { IkeSockets }
Napi::Object bind(Napi::Env env);

}  // namespace rp::ike
