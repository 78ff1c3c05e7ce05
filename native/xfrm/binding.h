// The addon's `xfrm` object.
#pragma once

namespace Napi {
class Env;
class Object;
}  // namespace Napi

namespace rp::xfrm {

// { XfrmNetlink, Monitor }
Napi::Object bind(Napi::Env env);

}  // namespace rp::xfrm
