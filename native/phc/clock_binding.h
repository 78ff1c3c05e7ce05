// The methods of every clock, and the classes of those that need no hardware.
#pragma once
#include <vector>

#include "phc/arguments_binding.h"

namespace rp::phc {

// What every clock can do; `Self::clock()` gives what has time, step, setTime, frequency and setFrequency.
template <class Self>
class ClockObject : public Napi::ObjectWrap<Self> {
 public:
  explicit ClockObject(const Info& info) : Napi::ObjectWrap<Self>(info) {}

  static std::vector<Napi::ClassPropertyDescriptor<Self>> methods() {
    using Method = Napi::Value (Self::*)(const Info&);
    using Wrap = Napi::ObjectWrap<Self>;
    return {Wrap::InstanceMethod("time", static_cast<Method>(&Self::time)),
            Wrap::InstanceMethod("setTime", static_cast<Method>(&Self::setTime)),
            Wrap::InstanceMethod("step", static_cast<Method>(&Self::step)),
            Wrap::InstanceMethod("frequency", static_cast<Method>(&Self::frequency)),
            Wrap::InstanceMethod("setFrequency", static_cast<Method>(&Self::setFrequency)),
            Wrap::InstanceMethod("close", static_cast<Method>(&Self::close))};
  }

  Napi::Value time(const Info& info) {
    return node::guard(info.Env(),
                       [&]() -> Napi::Value { return Napi::BigInt::New(info.Env(), self().clock().time()); });
  }
  Napi::Value setTime(const Info& info) {
    return done(info, [&] { self().clock().setTime(bigint(info[0], "ns")); });
  }
  Napi::Value step(const Info& info) {
    return done(info, [&] { self().clock().step(bigint(info[0], "ns")); });
  }
  Napi::Value frequency(const Info& info) {
    return node::guard(info.Env(),
                       [&]() -> Napi::Value { return Napi::Number::New(info.Env(), self().clock().frequency()); });
  }
  Napi::Value setFrequency(const Info& info) {
    return done(info, [&] { self().clock().setFrequency(number(info[0], "ppb")); });
  }

 protected:
  template <class Body>
  static Napi::Value done(const Info& info, Body&& body) {
    node::guard(info.Env(), body);
    return info.Env().Undefined();
  }

 private:
  Self& self() { return *static_cast<Self*>(this); }
};

Napi::Function defineHardwareClock(Napi::Env env);
Napi::Function defineSystemClock(Napi::Env env);
Napi::Function defineOverlayClock(Napi::Env env);

}  // namespace rp::phc
