// `new Monitor(what, (events | null) => void)`: what the kernel announces, as JavaScript hears of it.
#pragma once
#include <napi.h>

#include <memory>
#include <utility>

#include "node/guard.h"
#include "node/poll.h"

namespace rp::node {

// `Monitor` is made of a number that says what to hear, has a descriptor, and hands events to `receive`, which is false
// when the kernel had to drop some. `Write` makes an object of one event. The listener gets arrays of events, or null
// for a loss.
template <class Monitor, auto Write>
class MonitorObject : public Napi::ObjectWrap<MonitorObject<Monitor, Write>> {
 public:
  using Base = Napi::ObjectWrap<MonitorObject>;
  static Napi::Function define(Napi::Env env) {
    return Base::DefineClass(env, "Monitor",
                             {Base::template InstanceMethod<&MonitorObject::close>("close"),
                              Base::template InstanceMethod<&MonitorObject::ref>("ref"),
                              Base::template InstanceMethod<&MonitorObject::unref>("unref")});
  }
  explicit MonitorObject(const Napi::CallbackInfo& info) : Base(info) {
    guard(info.Env(), [&] {
      if (!info[0].IsNumber()) throw ArgumentError("what: not a number");
      if (!info[1].IsFunction()) throw ArgumentError("listener: not a function");
      monitor_ = std::make_unique<Monitor>(info[0].As<Napi::Number>().Uint32Value());
      listener_ = Napi::Persistent(info[1].As<Napi::Function>());
      context_ = std::make_unique<Napi::AsyncContext>(info.Env(), "routeplane:Monitor");
      poll_ = std::make_unique<Poll>(info.Env(), monitor_->fd(), [this] { ready(); });
    });
  }

 private:
  void ready() {
    const Napi::Env env = listener_.Env();
    auto events = Napi::Array::New(env);
    uint32_t count = 0;
    const bool whole = monitor_->receive([&](auto&& event) {
      const Napi::HandleScope scope(env);
      events[count++] = Write(env, event);
    });
    // The listener may close this monitor; nothing of it is touched after the last call.
    const Napi::Function listener = listener_.Value();
    const napi_value loss = env.Null();
    if (count > 0) listener.MakeCallback(env.Global(), {events}, *context_);
    if (!whole && monitor_) listener.MakeCallback(env.Global(), {loss}, *context_);
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    poll_.reset();
    monitor_.reset();
    return info.Env().Undefined();
  }
  Napi::Value ref(const Napi::CallbackInfo& info) {
    if (poll_) poll_->ref();
    return info.Env().Undefined();
  }
  Napi::Value unref(const Napi::CallbackInfo& info) {
    if (poll_) poll_->unref();
    return info.Env().Undefined();
  }

  std::unique_ptr<Monitor> monitor_;
  Napi::FunctionReference listener_;
  std::unique_ptr<Napi::AsyncContext> context_;
  std::unique_ptr<Poll> poll_;  // before the others go: it polls monitor_
};

}  // namespace rp::node
