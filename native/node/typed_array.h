// A typed array's memory, checked.
#pragma once
#include <napi.h>

#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"

namespace rp::node {

template <class T>
constexpr napi_typedarray_type typedArrayType() {
  if constexpr (std::is_same_v<T, uint8_t>) return napi_uint8_array;
  if constexpr (std::is_same_v<T, uint32_t>) return napi_uint32_array;
  if constexpr (std::is_same_v<T, uint64_t>) return napi_biguint64_array;
  if constexpr (std::is_same_v<T, int64_t>) return napi_bigint64_array;
}

// Throws ArgumentError naming the property if it is of another type or shorter than `minimum` elements.
template <class T>
std::span<T> typedArray(const Napi::Value& value, const char* name, size_t minimum = 0) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != typedArrayType<T>()) {
    throw ArgumentError(std::string(name) + ": not the typed array that is wanted");
  }
  auto array = value.As<Napi::TypedArrayOf<T>>();
  if (array.ElementLength() < minimum) {
    throw ArgumentError(std::string(name) + ": " + std::to_string(minimum) + " elements wanted, got " +
                        std::to_string(array.ElementLength()));
  }
  return {array.Data(), array.ElementLength()};
}

// Throws ArgumentError if what is read lies in what is written. Addresses tell it where buffers cannot: two
// SharedArrayBuffer objects may be of one memory.
template <class T>
void wantApart(const char* name, std::span<T> read, const char* other, std::span<uint8_t> written) {
  if (read.empty() || written.empty()) return;
  const auto a = reinterpret_cast<uintptr_t>(read.data()), b = reinterpret_cast<uintptr_t>(written.data());
  if (a < b + written.size_bytes() && b < a + read.size_bytes()) {
    throw ArgumentError(std::string(name) + ": overlaps " + other);
  }
}

}  // namespace rp::node
