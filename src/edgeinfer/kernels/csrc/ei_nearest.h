/* The k nearest of many: scikit-learn's heap, and its sort, so that equals end where it has them.
 *
 * Which of several equal values stay in a heap, and where, follows from the order in which they
 * came; and a sort that is not stable leaves equals in an order that follows from where they were.
 */
#ifndef EI_NEAREST_H
#define EI_NEAREST_H

#include <float.h>
#include <string.h>

#include "ei_types.h"

#define EI_SORT_FEW   16 /* fewer values than this are sorted by insertion */
#define EI_SORT_DEPTH 64 /* more than twice the bits of a number of values */

/* The k nearest so far: a heap with the farthest at 0, of values that are all below DBL_MAX. */
typedef struct {
  double *values;
  int32_t *indices;
  int32_t k;
} ei_nearest;

EI_API void ei_nearest_clear(const ei_nearest *h) {
  for (int32_t i = 0; i < h->k; i++) {
    h->values[i] = DBL_MAX;
    h->indices[i] = 0;
  }
}

/* Put (value, index) into the first `size` places of the heap, whose top has become free. */
EI_API void ei_nearest_sink(const ei_nearest *h, int32_t size, double value, int32_t index) {
  int32_t at = 0;
  for (;;) {
    const int32_t left = 2 * at + 1, right = left + 1;
    if (left >= size) break;
    const int32_t child = right < size && h->values[right] > h->values[left] ? right : left;
    if (h->values[child] <= value) break;
    h->values[at] = h->values[child];
    h->indices[at] = h->indices[child];
    at = child;
  }
  h->values[at] = value;
  h->indices[at] = index;
}

EI_API void ei_nearest_offer(const ei_nearest *h, double value, int32_t index) {
  if (value < h->values[0]) ei_nearest_sink(h, h->k, value, index);
}

EI_API void ei_nearest_swap(const ei_nearest *h, int32_t i, int32_t j) {
  const double value = h->values[i];
  const int32_t index = h->indices[i];
  h->values[i] = h->values[j];
  h->indices[i] = h->indices[j];
  h->values[j] = value;
  h->indices[j] = index;
}

EI_API void ei_nearest_insertion(const ei_nearest *h) {
  for (int32_t i = 1; i < h->k; i++) {
    const double value = h->values[i];
    const int32_t index = h->indices[i];
    int32_t j = i;
    for (; j > 0 && h->values[j - 1] > value; j--) {
      h->values[j] = h->values[j - 1];
      h->indices[j] = h->indices[j - 1];
    }
    h->values[j] = value;
    h->indices[j] = index;
  }
}

/* The largest of a place and its two children comes to the place, and so on downwards. */
EI_API void ei_nearest_sift(const ei_nearest *h, int32_t at, int32_t end) {
  for (;;) {
    const int32_t child = 2 * at + 1;
    int32_t most = at;
    if (child < end && h->values[most] < h->values[child]) most = child;
    if (child + 1 < end && h->values[most] < h->values[child + 1]) most = child + 1;
    if (most == at) return;
    ei_nearest_swap(h, at, most);
    at = most;
  }
}

EI_API void ei_nearest_heapsort(const ei_nearest *h) {
  for (int32_t at = (h->k - 2) / 2; at >= 0; at--) ei_nearest_sift(h, at, h->k);
  for (int32_t end = h->k - 1; end > 0; end--) {
    ei_nearest_swap(h, 0, end);
    ei_nearest_sift(h, 0, end);
  }
}

/* Splits at the median of the first, middle and last value; returns the place where that ends. */
EI_API int32_t ei_nearest_split(const ei_nearest *h) {
  const int32_t last = h->k - 1, middle = h->k / 2;
  const double *v = h->values;
  if (v[0] > v[last]) ei_nearest_swap(h, 0, last);
  if (v[last] > v[middle]) {
    ei_nearest_swap(h, last, middle);
    if (v[0] > v[last]) ei_nearest_swap(h, 0, last);
  }
  const double pivot = v[last];
  int32_t i = 1, j = last - 1;
  for (;; i++, j--) {
    while (i <= j && v[i] < pivot) i++;
    while (i <= j && v[j] > pivot) j--;
    if (i >= j) break;
    ei_nearest_swap(h, i, j);
  }
  ei_nearest_swap(h, i, last);
  return i;
}

/* Nearest first. */
EI_API void ei_nearest_sort(const ei_nearest *h) {
  struct {
    ei_nearest part;
    int32_t depth;
  } stack[EI_SORT_DEPTH];
  int32_t size = 1;
  stack[0].part = *h;
  stack[0].depth = 0;
  for (int32_t n = h->k; n > 1; n /= 2) stack[0].depth += 2;
  while (size > 0) {
    ei_nearest part = stack[--size].part;
    int32_t depth = stack[size].depth;
    while (part.k >= EI_SORT_FEW && depth > 0) {
      const int32_t at = ei_nearest_split(&part);
      depth--;
      stack[size].part = part;
      stack[size].part.k = at;
      stack[size++].depth = depth;
      part.values += at + 1;
      part.indices += at + 1;
      part.k -= at + 1;
    }
    if (part.k >= EI_SORT_FEW)
      ei_nearest_heapsort(&part);
    else
      ei_nearest_insertion(&part);
  }
}

/* Nearest first, by way of a second heap, which scikit-learn's brute force has for all its threads.
 * `room` is for k values and k indices. */
EI_API void ei_nearest_finish(const ei_nearest *h, char *room) {
  double *values = (double *)(void *)room;
  int32_t *indices = (int32_t *)(void *)(room + (ptrdiff_t)h->k * (ptrdiff_t)sizeof(double));
  memcpy(values, h->values, (size_t)h->k * sizeof *values);
  memcpy(indices, h->indices, (size_t)h->k * sizeof *indices);
  ei_nearest_clear(h);
  for (int32_t i = 0; i < h->k; i++) ei_nearest_offer(h, values[i], indices[i]);
  ei_nearest_sort(h);
}

EI_API ptrdiff_t ei_aligned(ptrdiff_t bytes) { return (bytes + 63) / 64 * 64; }

/* Room for ei_nearest_finish at the front of `scratch`. */
EI_API char *ei_nearest_room(int32_t k, char **scratch) {
  char *room = *scratch;
  *scratch += ei_aligned((ptrdiff_t)k * 12);
  return room;
}

#endif
