#include "phc/clock_binding.h"

#include <memory>

#include "node/object_reader.h"
#include "node/record.h"
#include "phc/overlay_clock.h"
#include "phc/posix_clock.h"
#include "phc/system_clock.h"

namespace rp::phc {
namespace {

using node::guard;
using node::ObjectReader;
using node::RecordWriter;

class SystemClockObject : public ClockObject<SystemClockObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    auto list = methods();
    list.push_back(InstanceMethod<&SystemClockObject::status>("status"));
    list.push_back(InstanceMethod<&SystemClockObject::mark>("mark"));
    return DefineClass(env, "SystemClock", list);
  }
  explicit SystemClockObject(const Info& info) : ClockObject(info) {}
  const PosixClock& clock() { return clock_; }
  Napi::Value close(const Info& info) { return info.Env().Undefined(); }

 private:
  Napi::Value status(const Info& info) {
    return guard(info.Env(), [&]() -> Napi::Value { return RecordWriter::write(info.Env(), systemClockStatus()); });
  }
  // mark({ leap, taiOffset, maximumErrorNs })
  Napi::Value mark(const Info& info) {
    return done(info, [&] {
      const ObjectReader r(info[0], "");
      const double leap = number(r.get("leap"), "leap");
      if (leap != 0 && leap != 1 && leap != -1) throw ArgumentError("leap: not -1, 0 or 1");
      markSystemClock(static_cast<int32_t>(leap), static_cast<int32_t>(r.whole("taiOffset", 0, 1000)),
                      static_cast<int64_t>(r.whole("maximumErrorNs", 0, 1'000'000'000'000)));
    });
  }
  PosixClock clock_{CLOCK_REALTIME, "CLOCK_REALTIME"};
};

// new OverlayClock(path, access): path empty for memory of this process alone.
class OverlayClockObject : public ClockObject<OverlayClockObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    auto list = methods();
    list.push_back(InstanceMethod<&OverlayClockObject::fromReal>("fromReal"));
    list.push_back(InstanceMethod<&OverlayClockObject::toReal>("toReal"));
    return DefineClass(env, "OverlayClock", list);
  }
  explicit OverlayClockObject(const Info& info) : ClockObject(info) {
    guard(info.Env(), [&] {
      const std::string access = text(info[1], "access");
      if (access != "create" && access != "read") throw ArgumentError("access: unknown: " + access);
      clock_ = std::make_unique<OverlayClock>(
          text(info[0], "path"), access == "create" ? OverlayClock::Access::create : OverlayClock::Access::read);
    });
  }
  OverlayClock& clock() {
    if (!clock_) throw ClosedError("OverlayClock");
    return *clock_;
  }
  Napi::Value close(const Info& info) {
    clock_.reset();
    return info.Env().Undefined();
  }

 private:
  Napi::Value fromReal(const Info& info) {
    return guard(info.Env(),
                 [&]() -> Napi::Value { return Napi::BigInt::New(info.Env(), clock().at(bigint(info[0], "realNs"))); });
  }
  Napi::Value toReal(const Info& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      return Napi::BigInt::New(info.Env(), clock().parameters().realAt(bigint(info[0], "ns")));
    });
  }
  std::unique_ptr<OverlayClock> clock_;
};

}  // namespace

Napi::Function defineSystemClock(Napi::Env env) { return SystemClockObject::define(env); }
Napi::Function defineOverlayClock(Napi::Env env) { return OverlayClockObject::define(env); }

}  // namespace rp::phc
