// The only way from a C++ exception to a JavaScript one.
#pragma once
#include <napi.h>

#include <utility>

#include "base/error.h"

namespace rp::node {

// Rethrows the active exception as a Napi::Error whose JavaScript object carries `name` and the fields of the class in
// lib/errors.ts: errno, code, syscall (SystemError), extack, attribute, offset (NetlinkError), feature, minimumKernel
// (UnsupportedError). Call only inside a catch block.
[[noreturn]] void rethrow(Napi::Env env);

// The same as a value, for results that carry an error per element.
Napi::Value errorValue(Napi::Env env, const NetlinkError& error);

// Wraps a callback: `exports["x"] = Function::New(env, guarded<f>)`.
template <Napi::Value (*F)(const Napi::CallbackInfo&)>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  try {
    return F(info);
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    rethrow(info.Env());
  }
}

// The same for the body of an ObjectWrap method: `return guard(info.Env(), [&] { ... });`
template <class Body>
auto guard(Napi::Env env, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    rethrow(env);
  }
}

}  // namespace rp::node
