// Reads the properties of one plain object; what is missing or of the wrong kind is an ArgumentError naming it.
#pragma once
#include <napi.h>

#include <cmath>
#include <span>
#include <string>

#include "base/error.h"

namespace rp::node {

class ObjectReader {
 public:
  // `path` stands in front of property names in errors: "selectors[0]" or "".
  ObjectReader(const Napi::Value& value, std::string path) : path_(std::move(path)) {
    if (!value.IsObject()) throw ArgumentError((path_.empty() ? "spec" : path_) + ": not an object");
    object_ = value.As<Napi::Object>();
  }

  std::string at(const char* name) const { return path_.empty() ? name : path_ + "." + name; }
  bool has(const char* name) const { return !get(name).IsUndefined(); }
  Napi::Value get(const char* name) const { return object_.Get(name); }

  std::string string(const char* name) const {
    const Napi::Value v = get(name);
    if (!v.IsString()) throw ArgumentError(at(name) + ": not a string");
    return v.As<Napi::String>();
  }
  bool boolean(const char* name) const {
    const Napi::Value v = get(name);
    if (!v.IsBoolean()) throw ArgumentError(at(name) + ": not a boolean");
    return v.As<Napi::Boolean>();
  }
  // A whole number of [minimum, maximum]; at most 2^53.
  uint64_t whole(const char* name, uint64_t minimum, uint64_t maximum) const {
    const Napi::Value v = get(name);
    const double d = v.IsNumber() ? v.As<Napi::Number>().DoubleValue() : -1;
    if (!(d >= static_cast<double>(minimum) && d <= static_cast<double>(maximum)) || d != std::floor(d))
      throw ArgumentError(at(name) + ": not a whole number of " + std::to_string(minimum) + ".." +
                          std::to_string(maximum));
    return static_cast<uint64_t>(d);
  }
  uint64_t wholeOr(const char* name, uint64_t otherwise, uint64_t minimum, uint64_t maximum) const {
    return has(name) ? whole(name, minimum, maximum) : otherwise;
  }
  // Points into the caller's memory: read these after everything else, so that no getter runs while the span is in use.
  std::span<const uint8_t> bytes(const char* name) const { return bytes(name, get(name)); }
  // The same of a value that was read before.
  std::span<const uint8_t> bytes(const char* name, const Napi::Value& v) const {
    if (!v.IsTypedArray() || v.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
      throw ArgumentError(at(name) + ": not a Uint8Array");
    const auto array = v.As<Napi::Uint8Array>();
    return {array.Data(), array.ByteLength()};
  }
  ObjectReader object(const char* name) const { return ObjectReader(get(name), at(name)); }
  // Calls `body(ObjectReader)` for each element.
  template <class Body>
  void each(const char* name, Body&& body) const {
    const Napi::Value v = get(name);
    if (!v.IsArray()) throw ArgumentError(at(name) + ": not an array");
    const auto array = v.As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); ++i)
      body(ObjectReader(array.Get(i), at(name) + "[" + std::to_string(i) + "]"));
  }

 private:
  Napi::Object object_;
  std::string path_;
};

}  // namespace rp::node
