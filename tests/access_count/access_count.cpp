// The functions that code compiled with -fsanitize=thread calls. This file is compiled without, and everything it
// keeps has types of its own: templates of others would be those of the instrumented code, which calls back.

#include "tests/access_count/access_count.hpp"

#include <cstdint>
#include <cstring>
#include <vector>

namespace meridian {
namespace {

struct Word {
  std::uint32_t kernel = 0;                // that touched it last
  std::uint16_t touched = 0, written = 0;  // bit n: in pass n
};
struct Array {
  std::uintptr_t begin, end;
  test::Plane plane;
  bool is_field;
  std::vector<Word> words;
};

constexpr std::uintptr_t bytes_per_word = 8;
std::vector<Array*> arrays;  // by address
constexpr std::size_t n_recent = 4096;
Array* recent[n_recent];  // by page, of those touched

bool counting = false;
std::uint32_t kernel = 0;
std::uint16_t pass = 1;  // its bit
test::Words counted;

/// First array that ends behind the address.
std::size_t place_of(std::uintptr_t address) {
  std::size_t low = 0, high = arrays.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (arrays[middle]->end <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Array* array_at(std::uintptr_t address) {
  Array*& found = recent[address / 4096 % n_recent];
  if (found != nullptr && found->begin <= address && address < found->end) return found;
  const std::size_t place = place_of(address);
  if (place == arrays.size() || address < arrays[place]->begin) return nullptr;
  return found = arrays[place];
}

void forget_recent() { std::memset(recent, 0, sizeof recent); }

bool is_owned(const test::Plane& plane, std::size_t word) {
  const std::size_t row = word / plane.columns % plane.rows, column = word % plane.columns;
  return row - plane.halo < plane.owned_rows && column - plane.halo < plane.owned_columns;  // wraps below the halo
}

void touch_word(std::uintptr_t address, bool write) {
  Array* const array = array_at(address);
  if (array == nullptr) return;
  const std::size_t n = (address - array->begin) / bytes_per_word;
  if (array->is_field && !is_owned(array->plane, n)) return;
  Word& word = array->words[n];
  if (word.kernel != kernel) word = {kernel, 0, 0};
  if (write && !(word.written & pass)) {
    word.written |= pass;
    ++counted.written;
  } else if (!write && !(word.touched & pass)) {
    ++counted.read;
  }
  word.touched |= pass;
}

void touch(const volatile void* at, std::uintptr_t bytes, bool write) {
  if (!counting) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  for (std::uintptr_t address = begin; address < begin + bytes; address += bytes_per_word) touch_word(address, write);
}

}  // namespace

void enter_pass(int number) { pass = static_cast<std::uint16_t>(1 << (number < 15 ? number : 15)); }

namespace test {

void count_array(const void* begin, std::size_t bytes, const Plane& plane) {
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t words = (bytes + bytes_per_word - 1) / bytes_per_word, level = plane.rows * plane.columns;
  auto* const array = new Array{address, address + bytes, plane, words >= level && words % level == 0, {}};
  array->words.resize(words);
  arrays.insert(arrays.begin() + static_cast<std::ptrdiff_t>(place_of(address)), array);
  forget_recent();
}
void forget_array(const void* begin) {
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t place = place_of(address);
  if (place == arrays.size() || arrays[place]->begin != address) return;
  delete arrays[place];
  arrays.erase(arrays.begin() + static_cast<std::ptrdiff_t>(place));
  forget_recent();
}
void forget_all_arrays() {
  for (Array* array : arrays) delete array;
  arrays.clear();
  forget_recent();
}

void begin_counting() {
  ++kernel;
  pass = 1;
  counted = {};
  counting = true;
}
Words end_counting() {
  counting = false;
  return counted;
}

}  // namespace test
}  // namespace meridian

// ---- what the compiler calls ----

#define ACCESS(bytes)                                                                \
  void __tsan_read##bytes(void* at) { meridian::touch(at, bytes, false); }           \
  void __tsan_write##bytes(void* at) { meridian::touch(at, bytes, true); }           \
  void __tsan_unaligned_read##bytes(void* at) { meridian::touch(at, bytes, false); } \
  void __tsan_unaligned_write##bytes(void* at) { meridian::touch(at, bytes, true); }

// Atomic operations of the host; kernels have none.
#define ATOMIC(bits, Value)                                                                                         \
  Value __tsan_atomic##bits##_load(const volatile Value* at, int) { return __atomic_load_n(at, __ATOMIC_SEQ_CST); } \
  void __tsan_atomic##bits##_store(volatile Value* at, Value x, int) { __atomic_store_n(at, x, __ATOMIC_SEQ_CST); } \
  Value __tsan_atomic##bits##_exchange(volatile Value* at, Value x, int) {                                          \
    return __atomic_exchange_n(at, x, __ATOMIC_SEQ_CST);                                                            \
  }                                                                                                                 \
  Value __tsan_atomic##bits##_fetch_add(volatile Value* at, Value x, int) {                                         \
    return __atomic_fetch_add(at, x, __ATOMIC_SEQ_CST);                                                             \
  }                                                                                                                 \
  Value __tsan_atomic##bits##_fetch_sub(volatile Value* at, Value x, int) {                                         \
    return __atomic_fetch_sub(at, x, __ATOMIC_SEQ_CST);                                                             \
  }                                                                                                                 \
  Value __tsan_atomic##bits##_fetch_or(volatile Value* at, Value x, int) {                                          \
    return __atomic_fetch_or(at, x, __ATOMIC_SEQ_CST);                                                              \
  }                                                                                                                 \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile Value* at, Value* expected, Value x, int, int) {       \
    return __atomic_compare_exchange_n(at, expected, x, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                 \
  }                                                                                                                 \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile Value* at, Value* expected, Value x, int, int) {         \
    return __atomic_compare_exchange_n(at, expected, x, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                 \
  }

extern "C" {
void __tsan_init() {}
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
void __tsan_read_range(void* at, std::uintptr_t bytes) { meridian::touch(at, bytes, false); }
void __tsan_write_range(void* at, std::uintptr_t bytes) { meridian::touch(at, bytes, true); }
void __tsan_vptr_update(void**, void*) {}
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
ATOMIC(8, std::uint8_t)
ATOMIC(16, std::uint16_t)
ATOMIC(32, std::uint32_t)
ATOMIC(64, std::uint64_t)
}
