#pragma once

namespace Napi {
class Env;
class Object;
}  // namespace Napi

namespace rp::xdp {

// { Umem, Program, Socket, queues }
Napi::Object bind(Napi::Env env);

}  // namespace rp::xdp
