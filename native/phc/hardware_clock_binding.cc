#include <memory>

#include "node/object_reader.h"
#include "node/poll.h"
#include "node/record.h"
#include "phc/clock_binding.h"
#include "phc/hardware_clock.h"

namespace rp::phc {
namespace {

using node::guard;
using node::ObjectReader;
using node::RecordWriter;

const char* const kPinFunctions[] = {"none", "external-timestamp", "periodic-output", "physical-sync"};
const char* const kEdges[] = {"none", "rising", "falling", "both"};
const char* const kMethods[] = {"best", "precise", "extended", "basic"};

class HardwareClockObject : public ClockObject<HardwareClockObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    auto list = methods();
    for (auto& m :
         {InstanceMethod<&HardwareClockObject::capabilities>("capabilities"),
          InstanceMethod<&HardwareClockObject::compare>("compare"),
          InstanceMethod<&HardwareClockObject::adjustPhase>("adjustPhase"),
          InstanceMethod<&HardwareClockObject::pins>("pins"), InstanceMethod<&HardwareClockObject::setPin>("setPin"),
          InstanceMethod<&HardwareClockObject::requestEdges>("requestExternalTimestamps"),
          InstanceMethod<&HardwareClockObject::listen>("listen"),
          InstanceMethod<&HardwareClockObject::setPeriodicOutput>("setPeriodicOutput"),
          InstanceMethod<&HardwareClockObject::enablePps>("enablePps")})
      list.push_back(m);
    return DefineClass(env, "HardwareClock", list);
  }
  explicit HardwareClockObject(const Info& info) : ClockObject(info) {
    guard(info.Env(), [&] { clock_ = std::make_unique<HardwareClock>(text(info[0], "path")); });
  }
  const PosixClock& clock() { return hardware().clock(); }
  Napi::Value close(const Info& info) {
    poll_.reset();
    clock_.reset();
    return info.Env().Undefined();
  }

 private:
  HardwareClock& hardware() {
    if (!clock_) throw ClosedError("HardwareClock");
    return *clock_;
  }
  Napi::Value capabilities(const Info& info) {
    return guard(info.Env(),
                 [&]() -> Napi::Value { return RecordWriter::write(info.Env(), hardware().capabilities()); });
  }
  // compare(method, samples)
  Napi::Value compare(const Info& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const auto method = static_cast<ComparisonMethod>(wordOf(info[0], kMethods, "method"));
      return RecordWriter::write(info.Env(), hardware().compare(method, whole(info[1], "samples")));
    });
  }
  Napi::Value adjustPhase(const Info& info) {
    return done(info, [&] {
      const double ns = number(info[0], "ns");
      if (!(std::abs(ns) <= INT32_MAX)) throw ArgumentError("ns: not of 32 bits");
      clock().adjustPhase(static_cast<int32_t>(std::lround(ns)));
    });
  }
  Napi::Value pins(const Info& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const auto pins = hardware().pins();
      auto array = Napi::Array::New(info.Env(), pins.size());
      for (uint32_t i = 0; i < pins.size(); ++i) {
        auto pin = Napi::Object::New(info.Env());
        pin.Set("index", pins[i].index);
        pin.Set("name", pins[i].name);
        pin.Set("function", pins[i].function < std::size(kPinFunctions) ? kPinFunctions[pins[i].function] : "other");
        pin.Set("channel", pins[i].channel);
        array[i] = pin;
      }
      return array;
    });
  }
  // setPin(index, function, channel)
  Napi::Value setPin(const Info& info) {
    return done(info, [&] {
      hardware().setPin(whole(info[0], "index"), wordOf(info[1], kPinFunctions, "function"), whole(info[2], "channel"));
    });
  }
  // requestExternalTimestamps(channel, edge)
  Napi::Value requestEdges(const Info& info) {
    return done(info, [&] {
      const auto edge = static_cast<Edge>(wordOf(info[1], kEdges, "edge"));
      hardware().requestExternalTimestamps(whole(info[0], "channel"), edge);
    });
  }
  // listen((channel, timeNs) => void)
  Napi::Value listen(const Info& info) {
    return done(info, [&] {
      if (!info[0].IsFunction()) throw ArgumentError("listener: not a function");
      listener_ = Napi::Persistent(info[0].As<Napi::Function>());
      context_ = std::make_unique<Napi::AsyncContext>(info.Env(), "routeplane:HardwareClock");
      const auto ready = [this] {
        const Napi::Env env = listener_.Env();
        for (const auto& e : hardware().readExternalTimestamps()) {
          if (!poll_) return;  // the listener closed it
          listener_.MakeCallback(env.Global(), {Napi::Number::New(env, e.channel), Napi::BigInt::New(env, e.timeNs)},
                                 *context_);
        }
      };
      poll_.reset();
      poll_ = std::make_unique<node::Poll>(info.Env(), hardware().fd(), ready);
    });
  }
  // setPeriodicOutput({ channel, periodNs, startNs?, phaseNs?, onNs? })
  Napi::Value setPeriodicOutput(const Info& info) {
    return done(info, [&] {
      const ObjectReader r(info[0], "");
      PeriodicOutput output;
      output.channel = static_cast<uint32_t>(r.whole("channel", 0, UINT32_MAX));
      output.periodNs = bigint(r.get("periodNs"), "periodNs");
      if (output.periodNs < 0) throw ArgumentError("periodNs: negative");
      if (r.has("startNs")) output.startNs = bigint(r.get("startNs"), "startNs");
      if (r.has("phaseNs")) output.phaseNs = bigint(r.get("phaseNs"), "phaseNs");
      if (r.has("onNs")) output.onNs = bigint(r.get("onNs"), "onNs");
      hardware().setPeriodicOutput(output);
    });
  }
  Napi::Value enablePps(const Info& info) {
    return done(info, [&] { hardware().enablePps(info[0].ToBoolean()); });
  }

  std::unique_ptr<HardwareClock> clock_;
  Napi::FunctionReference listener_;
  std::unique_ptr<Napi::AsyncContext> context_;
  std::unique_ptr<node::Poll> poll_;  // goes before clock_: it polls its descriptor
};

}  // namespace

Napi::Function defineHardwareClock(Napi::Env env) { return HardwareClockObject::define(env); }

}  // namespace rp::phc
