#pragma once

namespace Napi {
class Env;
class Object;
}  // namespace Napi

namespace rp::esp {

// { OutboundSa, InboundSa, encapsulate, decapsulate, statuses }
Napi::Object bind(Napi::Env env);

}  // namespace rp::esp
