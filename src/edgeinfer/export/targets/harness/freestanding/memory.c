/* The functions a compiler may call without being asked. The barriers keep it from turning the
 * loops back into calls of these very functions. */
#include <string.h>

void *memcpy(void *to, const void *from, size_t bytes) {
  unsigned char *t = (unsigned char *)to;
  const unsigned char *f = (const unsigned char *)from;
  while (bytes-- != 0) {
    *t++ = *f++;
    __asm__ volatile("" ::: "memory");
  }
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  unsigned char *t = (unsigned char *)to;
  while (bytes-- != 0) {
    *t++ = (unsigned char)value;
    __asm__ volatile("" ::: "memory");
  }
  return to;
}
