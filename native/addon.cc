// The addon: one object per domain.
#include <napi.h>

#include "bench/binding.h"
#include "crypto/binding.h"
#include "dataplane/binding.h"
#include "esp/binding.h"
#include "phc/binding.h"
#include "ike/binding.h"
#include "process/binding.h"
#include "rtnl/binding.h"
#include "xfrm/binding.h"
#include "xdp/binding.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("bench", rp::bench::bind(env));
  exports.Set("crypto", rp::crypto::bind(env));
  exports.Set("esp", rp::esp::bind(env));
  exports.Set("dataplane", rp::dataplane::bind(env));
  exports.Set("phc", rp::phc::bind(env));
  exports.Set("rtnl", rp::rtnl::bind(env));
  exports.Set("ike", rp::ike::bind(env));
  exports.Set("xfrm", rp::xfrm::bind(env));
  exports.Set("xdp", rp::xdp::bind(env));
  exports.Set("process", rp::process::bind(env));
  return exports;
}

NODE_API_MODULE(routeplane, Init)
