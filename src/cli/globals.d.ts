/** Put in by the build; not there when the sources run as they are. */
declare const __WAYBILL_VERSION__: string
