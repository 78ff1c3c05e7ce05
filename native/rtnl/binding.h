#pragma once

namespace Napi {
class Env;
class Object;
}  // namespace Napi

namespace rp::rtnl {

// { RouteNetlink, Monitor }
Napi::Object bind(Napi::Env env);

}  // namespace rp::rtnl
