/* The floating type of a body that is included once per type: EI_T is float or double, EI_F(name)
 * appends _f32 or _f64, EI_M(exp) is the C library's exp or expf. Define EI_FLOAT_BITS first. */
#define EI_CAT2(a, b) a##b
#define EI_CAT(a, b)  EI_CAT2(a, b)
#if EI_FLOAT_BITS == 64
#define EI_T       double
#define EI_F(name) EI_CAT(name, _f64)
#define EI_M(name) name
#else
#define EI_T       float
#define EI_F(name) EI_CAT(name, _f32)
#define EI_M(name) EI_CAT(name, f)
#endif
