#undef EI_T
#undef EI_F
#undef EI_M
#undef EI_CAT
#undef EI_CAT2
#undef EI_FLOAT_BITS
