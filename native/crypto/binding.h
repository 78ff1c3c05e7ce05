#pragma once

namespace Napi {
class Env;
class Object;
}  // namespace Napi

namespace rp::crypto {

// { Suite, Aead, capabilities, implementations, cpuFeatures, defaultImplementation }
Napi::Object bind(Napi::Env env);

}  // namespace rp::crypto
