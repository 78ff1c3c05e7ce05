// Arguments of JavaScript's, checked.
#pragma once
#include <napi.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "node/guard.h"

namespace rp::phc {

using Info = Napi::CallbackInfo;

inline int64_t bigint(const Napi::Value& value, const char* name) {
  bool lossless = false;
  const int64_t v = value.IsBigInt() ? value.As<Napi::BigInt>().Int64Value(&lossless) : 0;
  if (!lossless) throw ArgumentError(std::string(name) + ": not a bigint of 64 bits");
  return v;
}
inline double number(const Napi::Value& value, const char* name) {
  if (!value.IsNumber()) throw ArgumentError(std::string(name) + ": not a number");
  return value.As<Napi::Number>().DoubleValue();
}
inline uint32_t whole(const Napi::Value& value, const char* name) {
  const double v = number(value, name);
  if (!(v >= 0 && v <= UINT32_MAX) || v != std::floor(v))
    throw ArgumentError(std::string(name) + ": not a whole number");
  return static_cast<uint32_t>(v);
}
inline std::string text(const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw ArgumentError(std::string(name) + ": not a string");
  return value.As<Napi::String>();
}

template <size_t N>
inline uint32_t wordOf(const Napi::Value& value, const char* const (&words)[N], const char* name) {
  const std::string word = text(value, name);
  for (uint32_t i = 0; i < N; ++i)
    if (word == words[i]) return i;
  throw ArgumentError(std::string(name) + ": unknown: " + word);
}

// The transports of `StampedSocket` and of hardware timestamping, in the order of phc::Transport.
inline constexpr const char* kTransports[] = {"ethernet", "ipv4", "ipv6"};

}  // namespace rp::phc
