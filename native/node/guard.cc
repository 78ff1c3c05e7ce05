#include "node/guard.h"

#include <cstring>

#include "base/error.h"

namespace rp::node {
namespace {

Napi::Error make(Napi::Env env, const char* name, const char* message) {
  auto error = Napi::Error::New(env, message);
  error.Set("name", Napi::String::New(env, name));
  return error;
}

const char* errnoName(int err) {
  const char* name = strerrorname_np(err);
  return name != nullptr ? name : "UNKNOWN";
}

void addSystemFields(Napi::Env env, Napi::Error& error, const SystemError& e) {
  error.Set("errno", Napi::Number::New(env, e.err));
  error.Set("code", Napi::String::New(env, errnoName(e.err)));
  error.Set("syscall", Napi::String::New(env, e.syscall));
}

}  // namespace

void rethrow(Napi::Env env) {
  try {
    throw;
  } catch (const NetlinkError& e) {
    auto error = make(env, "NetlinkError", e.what());
    addSystemFields(env, error, e);
    error.Set("extack", Napi::String::New(env, e.extack));
    error.Set("attribute", Napi::String::New(env, e.attribute));
    error.Set("offset", Napi::Number::New(env, e.offset));
    throw error;
  } catch (const SystemError& e) {
    auto error = make(env, "SystemError", e.what());
    addSystemFields(env, error, e);
    throw error;
  } catch (const UnsupportedError& e) {
    auto error = make(env, "UnsupportedError", e.what());
    error.Set("feature", Napi::String::New(env, e.feature));
    error.Set("minimumKernel", Napi::String::New(env, e.minimumKernel));
    throw error;
  } catch (const ArgumentError& e) {
    throw Napi::TypeError::New(env, e.what());
  } catch (const ClosedError& e) {
    throw make(env, "ClosedError", e.what());
  } catch (const std::exception& e) {
    throw Napi::Error::New(env, e.what());
  }
}

Napi::Value errorValue(Napi::Env env, const NetlinkError& error) {
  try {
    try {
      throw NetlinkError(error);
    } catch (...) {
      rethrow(env);
    }
  } catch (const Napi::Error& e) {
    return e.Value();
  }
}

}  // namespace rp::node
