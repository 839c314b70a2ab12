export const VERSION = typeof __WAYBILL_VERSION__ === 'string' ? __WAYBILL_VERSION__ : '0.0.0-dev'
