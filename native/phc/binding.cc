#include "phc/binding.h"

#include "node/guard.h"
#include "node/object_reader.h"
#include "phc/arguments_binding.h"
#include "phc/clock_binding.h"
#include "phc/interface_timestamping.h"
#include "phc/socket_binding.h"
#include "phc/stamped_socket.h"

namespace rp::phc {
namespace {

using node::ObjectReader;

Napi::Value interfaceInfo(const Info& info) {
  const TimestampingInfo t = timestampingInfo(text(info[0], "interface"));
  auto o = Napi::Object::New(info.Env());
  o.Set("software", t.software());
  o.Set("hardware", t.hardware());
  o.Set("phcIndex", t.phcIndex);
  o.Set("capabilities", t.capabilities);
  o.Set("txTypes", t.txTypes);
  o.Set("rxFilters", t.rxFilters);
  return o;
}

Napi::Object configValue(Napi::Env env, const HardwareTimestamping& t) {
  auto o = Napi::Object::New(env);
  o.Set("txType", t.txType);
  o.Set("rxFilter", t.rxFilter);
  return o;
}

Napi::Value getHardwareTimestamping(const Info& info) {
  return configValue(info.Env(), hardwareTimestamping(text(info[0], "interface")));
}

// enableHardwareTimestamping(interface, transport: 'ethernet' | 'ipv4' | 'ipv6', txType)
Napi::Value enableTimestamping(const Info& info) {
  const auto transport = static_cast<Transport>(wordOf(info[1], kTransports, "transport"));
  return configValue(info.Env(),
                     enableHardwareTimestamping(text(info[0], "interface"),
                                                transport == Transport::ethernet ? PtpTransport::l2 : PtpTransport::udp,
                                                static_cast<int32_t>(whole(info[2], "txType"))));
}

// setHardwareTimestamping(interface, { txType, rxFilter })
Napi::Value setTimestamping(const Info& info) {
  const ObjectReader r(info[1], "");
  setHardwareTimestamping(text(info[0], "interface"), {static_cast<int32_t>(r.whole("txType", 0, INT32_MAX)),
                                                       static_cast<int32_t>(r.whole("rxFilter", 0, INT32_MAX))});
  return info.Env().Undefined();
}

}  // namespace

Napi::Object bind(Napi::Env env) {
  auto exports = Napi::Object::New(env);
  exports.Set("HardwareClock", defineHardwareClock(env));
  exports.Set("SystemClock", defineSystemClock(env));
  exports.Set("OverlayClock", defineOverlayClock(env));
  exports.Set("StampedSocket", defineStampedSocket(env));
  exports.Set("UnixDatagramSocket", defineUnixDatagramSocket(env));
  exports.Set("timestampingInfo", Napi::Function::New(env, node::guarded<interfaceInfo>));
  exports.Set("hardwareTimestamping", Napi::Function::New(env, node::guarded<getHardwareTimestamping>));
  exports.Set("enableHardwareTimestamping", Napi::Function::New(env, node::guarded<enableTimestamping>));
  exports.Set("setHardwareTimestamping", Napi::Function::New(env, node::guarded<setTimestamping>));
  return exports;
}

}  // namespace rp::phc
